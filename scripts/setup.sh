#!/usr/bin/env bash
# Makes sure that what the tests need is there: a MariaDB server, its client library and a linker's view of it. Installs
# them where apt is to be had, and says what to install where it is not.
#   scripts/setup.sh [faults|cluster|clients]   with what the tests of faults, a cluster or the tests with clients need, too
set -euo pipefail

missing() {
    PATH=$PATH:/usr/sbin:/usr/local/sbin
    command -v mariadbd >/dev/null || echo mariadb-server
    command -v mariadb-install-db >/dev/null || echo mariadb-server
    command -v pkg-config >/dev/null || echo pkg-config
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    command -v curl >/dev/null || echo curl
    command -v mariadb_config >/dev/null || echo libmariadb-dev
    case ${1-} in
        faults) for program in strace wrk; do command -v "$program" >/dev/null || echo "$program"; done ;;
        cluster)
            for program in haproxy rsync socat; do command -v "$program" >/dev/null || echo "$program"; done
            ls /usr/lib*/galera*/libgalera_smm.so >/dev/null 2>&1 || echo galera-4
            ;;
        clients) command -v npm >/dev/null || echo npm ;;
    esac
}

# A server that is given by URL needs no other one here.
packages=$(missing "$@" | sort -u)
if [ -n "${MINITER_TEST_MYSQL_URL-}" ]; then packages=$(grep -v server <<<"$packages" || true); fi
[ -n "$packages" ] || exit 0
packages=$(tr '\n' ' ' <<<"$packages")

if ! command -v apt-get >/dev/null; then
    echo "The tests need MariaDB, its server and its client library (on Debian: $packages)."
    echo "Install them, or run the tests without them: make test-sqlite"
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "As root: apt-get install $packages(or run make test-sqlite)"; exit 1; }
    sudo=sudo
fi
echo "installing $packages"
$sudo apt-get update --quiet --quiet
# shellcheck disable=SC2086 # one word a package
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends $packages >/dev/null
