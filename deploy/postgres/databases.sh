#!/bin/sh
# Owns: a role and a database for each service named, on the server of PGHOST, PGUSER and PGPASSWORD.
# I1: safe to repeat; SERVICES_PASSWORD is set anew each time.
# I2: a service's role enters its own database only.
set -eu
for name in "$@"; do
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set name="$name" --set password="$SERVICES_PASSWORD" \
    --dbname postgres <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name')
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
  echo "database $name is there"
done
