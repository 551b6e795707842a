DROP TABLE home_repairs;
DROP TABLE home_readers;
DROP TABLE home_timelines;
