# Makes /etc/miniter/miniter.env of .env.example: with another first paragraph, and with the database folder of the unit.
1,/^$/c\
# Settings of the service miniter. Remove the # before each setting that you change, and run: systemctl restart miniter. The\
# values below are the defaults; the secrets have none. Put a value with $, # or spaces between single quotes. Only root can read\
# this file; systemd passes the values to the server.\

s|^#\(MINITER_DATABASE_URL=\).*|\1sqlite:/var/lib/miniter/miniter.db|
