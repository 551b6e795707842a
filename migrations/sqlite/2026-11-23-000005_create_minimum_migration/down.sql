DROP TABLE minimum_migration;
