# Makes /etc/miniter/miniter.env of .env.example: another opening, and the database where the unit keeps it.
1,/^$/c\
# Settings of the service miniter. Take the # away from what you change, and then: systemctl restart miniter. The values\
# below are the defaults, but for the secrets, which have none. Put a value with $, # or spaces between single quotes.\
# Only root reads this file; systemd hands the values to the server.\

s|^#\(MINITER_DATABASE_URL=\).*|\1sqlite:/var/lib/miniter/miniter.db|
