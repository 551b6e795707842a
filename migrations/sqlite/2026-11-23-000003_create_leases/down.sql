-- Nothing: a file is on one machine, whose locks do what leases do on a server. Both databases have the same migrations.
SELECT 1;
