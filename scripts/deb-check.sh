#!/usr/bin/env bash
# Checks the Debian package: builds it, has lintian look at it, installs it, serves from it as its unit says, takes the
# README's tour, stops, and purges it. Twice where that can be: on this machine, with the script in systemd's place if no
# systemd runs here; and in a container of this machine's files, in which systemd is booted and applies all of the unit.
#   scripts/deb-check.sh
#   scripts/deb-check.sh --install PACKAGE   (as root) the part from the installation on
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

fail() { echo "deb-check: $*" >&2; exit 1; }
unit=/usr/lib/systemd/system/miniter.service
data=/var/lib/miniter

# setting SECTION NAME: its value in the installed unit; of several the last.
setting() {
    awk -v section="[$1]" -v name="$2" '
        /^[#;]/                                  { next }
        /^\[/                                    { inside = ($0 == section) }
        inside && index($0, name "=") == 1       { value = substr($0, length(name) + 2) }
        END                                      { print value }
    ' "$unit"
}
service() { setting Service "$1"; }
on() { [[ $(service "$1") =~ ^(yes|true|on|1|strict)$ ]]; }

# expect_mode FILE MODE OWNER
expect_mode() {
    local found
    found=$(stat --format='%a %U:%G' "$1") || fail "$1 is missing"
    [ "$found" = "$2 $3" ] || fail "$1 is $found and should be $2 $3"
}

# As systemd reads it: NAME=value, with quotes around the value or none.
environment_file() {
    sed -nE -e "s/^([A-Z_]+)='(.*)'\$/\1=\2/p;t" -e 's/^([A-Z_]+)="(.*)"$/\1=\2/p;t' -e 's/^([A-Z_]+)=(.*)$/\1=\2/p' "$1"
}

# Starts what the unit says, as it says it, as far as that goes without systemd: what the kernel's filters of system calls
# and of address families would refuse is not refused.
start_as_the_unit() {
    local user group directory program limit environment=() command=()
    user=$(service User) group=$(service Group) directory=$(service StateDirectory)
    [ "$(id -u "$user")" -ne 0 ] || fail "the unit runs as root"
    if [ -n "$directory" ]; then
        install --directory --mode="$(service StateDirectoryMode)" --owner="$user" --group="$group" "/var/lib/$directory"
    fi
    mapfile -t environment < <(environment_file "$(service EnvironmentFile)")
    [ "${#environment[@]}" -gt 0 ] || fail "the unit's EnvironmentFile sets nothing"
    read -ra program <<<"$(service ExecStart)"
    [ -x "${program[0]}" ] || fail "the unit starts ${program[0]-}, which is no program"

    limit=$(service LimitNOFILE)
    command=(setpriv --reuid="$user" --regid="$group" --init-groups)
    if on NoNewPrivileges; then command+=(--no-new-privs); fi
    if grep -qx 'CapabilityBoundingSet=' "$unit"; then command+=(--bounding-set=-all --inh-caps=-all); fi
    command+=(env --ignore-environment "PATH=/usr/local/bin:/usr/bin:/bin" "HOME=$data" "USER=$user" "LOGNAME=$user"
        "${environment[@]}" "${program[@]}")

    # Where the unit says so, nothing can be written but /dev, /proc, /sys and the state directory, and /tmp is empty.
    local mounts='true'
    if ! unshare --mount true 2>/dev/null; then
        echo "NOT CHECKED here: that the server writes nowhere else (no mount namespace may be made)"
    else
        if [ -n "$directory" ]; then mounts+="; mount --bind /var/lib/$directory /var/lib/$directory"; fi
        if on ProtectSystem; then mounts+='; mount -o remount,bind,ro /'; fi
        if on PrivateTmp; then mounts+='; mount -t tmpfs tmpfs /tmp; mount -t tmpfs tmpfs /var/tmp'; fi
        if on ProtectHome; then mounts+='; mount -t tmpfs -o mode=000 tmpfs /root; mount -t tmpfs -o mode=000 tmpfs /home'; fi
    fi
    # Not everywhere may root raise the limit of files; then it is the highest there is.
    # shellcheck disable=SC2016 # the inner shell's
    local inner='set -e; eval "$1"; ulimit -n "$2" 2>/dev/null || ulimit -n "$(ulimit -Hn)"; umask "$3"; cd "$4"; shift 4; exec "$@"'
    local outer=(unshare --mount --propagation private)
    [ "$mounts" != true ] || outer=()
    "${outer[@]}" sh -c "$inner" sh "$mounts" "${limit:-1024}" "$(service UMask)" "$(service WorkingDirectory)" \
        "${command[@]}" >"$folder/log" 2>&1 &
    server=$!
}

# The part from the installation on. Leaves nothing behind, whatever happens.
check_installed() {
    local package=$1 booted=
    if [ -d /run/systemd/system ]; then booted=yes; fi
    [ "$(id -u)" = 0 ] || fail "only root can install"
    if dpkg-query --show miniter >/dev/null 2>&1 || [ -e "$data" ] || [ -e /etc/miniter ] || getent passwd miniter >/dev/null; then
        fail "miniter is installed here, or something is left of it; this check would remove it"
    fi
    if curl --silent --output /dev/null http://127.0.0.1:5000/; then fail "another program listens on port 5000"; fi

    folder=$(mktemp -d)
    server=
    # shellcheck disable=SC2317 # the trap calls it
    clean_up() {
        if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; fi
        DEBIAN_FRONTEND=noninteractive dpkg --purge miniter >/dev/null 2>&1 || true
        deluser --quiet --system miniter >/dev/null 2>&1 || true
        rm -rf "$data" /etc/miniter "$folder"
    }
    trap clean_up EXIT
    said() { if [ -n "$booted" ]; then journalctl --quiet --no-pager --unit miniter; else cat "$folder/log"; fi }

    echo "== installing"
    if [ -n "$booted" ]; then
        # In a container there may be no network: what it depends on is there.
        dpkg --install "$package"
    else
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends "$package"
    fi
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' miniter)" = installed ] || fail "it is not installed"

    expect_mode /usr/bin/miniter 755 root:root
    expect_mode "$unit" 644 root:root
    expect_mode /etc/miniter/miniter.env 640 root:root
    expect_mode /usr/share/doc/miniter/README.md 644 root:root
    expect_mode /usr/share/doc/miniter/copyright 644 root:root
    dpkg-query --show --showformat='${Conffiles}' miniter | grep -q '^ /etc/miniter/miniter.env ' ||
        fail "/etc/miniter/miniter.env is no conffile: an upgrade would overwrite it"
    [ -e /etc/systemd/system/multi-user.target.wants/miniter.service ] || fail "the unit is not enabled"
    getent passwd miniter >/dev/null || fail "there is no user miniter"
    miniter --version

    # Both look at the unit where it is installed.
    if command -v systemd-analyze >/dev/null; then
        echo "== systemd-analyze"
        local verified
        verified=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F miniter || true)
        [ -z "$verified" ] || fail "$verified"
        # In tenths; it was 16 when this was written.
        systemd-analyze security --no-pager --offline=true --threshold=20 "$unit" | tail -n 1
    else
        echo "NOT CHECKED here: the unit with systemd-analyze (it comes with systemd)"
    fi

    local limits stop
    limits=$(sed -nE 's/^#?MINITER_(DRAIN_DELAY|SHUTDOWN_TIMEOUT)=([0-9]+)$/\2/p' /etc/miniter/miniter.env | paste -s -d+)
    stop=$(service TimeoutStopSec)
    [ "${stop:-0}" -gt $((limits)) ] || fail "systemd would kill the server after $stop s; it may take $limits s to stop"

    echo "== serving"
    if [ -z "$booted" ]; then
        start_as_the_unit
    elif [ -x /usr/sbin/policy-rc.d ]; then
        # It has forbidden the package to start it.
        systemctl start miniter
    fi
    local deadline=$((SECONDS + 20))
    until curl --silent --fail --output /dev/null http://127.0.0.1:5000/readyz; do
        if [ "$SECONDS" -ge "$deadline" ] || { [ -n "$server" ] && ! kill -0 "$server" 2>/dev/null; }; then
            said
            fail "the server does not answer"
        fi
        sleep 0.2
    done
    local pid=$server
    if [ -n "$booted" ]; then pid=$(systemctl show --property MainPID --value miniter); fi
    [ "$(ps -o user= -p "$pid")" = "$(service User)" ] || fail "the server is not the user's that the unit names"

    scripts/tour.sh --running >"$folder/tour" 2>&1 || { cat "$folder/tour"; said; fail "the tour failed"; }
    tail -n 1 "$folder/tour"

    # Passwords have been hashed: the threads for that must have been let into SCHED_IDLE.
    grep -q IDL < <(ps -L -o cls= -p "$pid") || fail "no thread is in SCHED_IDLE; is sched_setscheduler forbidden?"
    curl --silent http://127.0.0.1:5000/metrics | grep -q '^process_start_time_seconds [1-9]' ||
        fail "the metrics of the process are missing; is /proc hidden?"

    if [ -n "$booted" ]; then
        systemctl stop miniter
        [ "$(systemctl show --property Result --property ExecMainStatus --property NRestarts miniter | sort | paste -s)" = \
            "$(printf 'ExecMainStatus=0\nNRestarts=0\nResult=success\n' | paste -s)" ] || { said; fail "it did not stop as it should"; }
    else
        local status=0
        kill -TERM "$server"
        wait "$server" || status=$?
        server=
        [ "$status" = 0 ] || { said; fail "after SIGTERM it ended with $status"; }
    fi

    expect_mode "$data" 700 miniter:miniter
    expect_mode "$data/miniter.db" 600 miniter:miniter
    expect_mode "$data/miniter.db.jwt-secret" 600 miniter:miniter

    echo "== purging"
    dpkg --listfiles miniter >"$folder/files"
    dpkg --purge miniter
    local file
    while read -r file; do
        if [ -f "$file" ] || [ -L "$file" ]; then fail "$file is left"; fi
    done <"$folder/files"
    for file in /etc/miniter /usr/share/doc/miniter /etc/systemd/system/miniter.service \
        /etc/systemd/system/multi-user.target.wants/miniter.service; do
        if [ -e "$file" ] || [ -L "$file" ]; then fail "$file is left"; fi
    done
    [ -s "$data/miniter.db" ] || fail "the data is gone"
    getent passwd miniter >/dev/null || fail "the user is gone, whose data is still there"
}

if [ "${1-}" = --install ]; then
    check_installed "$2"
    exit 0
fi

# What this check itself needs.
missing=()
command -v lintian >/dev/null || missing+=(lintian)
command -v dpkg-shlibdeps >/dev/null || missing+=(dpkg-dev)
command -v readelf >/dev/null || missing+=(binutils)
command -v mariadb_config >/dev/null || missing+=(libmariadb-dev)
command -v pkg-config >/dev/null || missing+=(pkg-config)
command -v curl >/dev/null || missing+=(curl)
command -v systemd-nspawn >/dev/null || missing+=(systemd systemd-container)
sudo=
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then sudo='sudo --non-interactive'; fi
root=
if [ "$(id -u)" = 0 ] || [ -n "$sudo" ]; then root=yes; fi
if [ "${#missing[@]}" -gt 0 ]; then
    command -v apt-get >/dev/null || fail "a Debian package is checked on Debian; this is none"
    [ -n "$root" ] || fail "as root: apt-get install ${missing[*]}"
    echo "installing ${missing[*]}"
    $sudo apt-get update --quiet --quiet
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends "${missing[@]}" >/dev/null
fi

# What the tour needs, while there is a network.
scripts/clients.sh >/dev/null

${MAKE:-make} deb
package=$(echo "$PWD"/target/debian/miniter_*.deb)
[ -e "$package" ] || fail "there is not one package but $package"

echo "== lintian"
lintian --fail-on error,warning "$package"

echo "== what it depends on"
depends=$(dpkg-deb --field "$package" Depends)
echo "$depends"
# libmariadb3 in any case: a package with one backend only is not what is promised.
for needed in libc6 libmariadb3 adduser; do
    grep -qwF "$needed" <<<"$depends" || fail "the package does not depend on $needed"
done
version=$(awk -F '"' '/^\[/ { inside = ($0 == "[workspace.package]") } inside && /^version/ { print $2 }' Cargo.toml)
for found in "$(dpkg-deb --field "$package" Version)" "$(sed -n '1s/.*(\(.*\)).*/\1/p' deploy/debian/changelog)"; do
    [ "${found%-*}" = "$version" ] || fail "the version is $version in Cargo.toml, and $found in the package or its changelog"
done

if [ -z "$root" ]; then
    echo "NOT CHECKED here: installing, serving and purging (that takes root)"
    exit 0
fi
echo "=== on this machine"
$sudo scripts/deb-check.sh --install "$package"

echo "=== with systemd"
if [ -d /run/systemd/system ]; then
    echo "it runs on this machine already"
    exit 0
fi
# All that happens in there is written to memory, and gone afterwards.
container=$(mktemp -d)
trap '$sudo rm -rf "$container"' EXIT
status=0
# shellcheck disable=SC2016 # the inner shell's
$sudo unshare --mount --propagation private bash -euc '
    container=$1 tree=$2 package=$3
    mount -t tmpfs tmpfs "$container"
    mkdir "$container"/{written,work,root}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$container/written,workdir=$container/work" "$container/root"
    root=$container/root
    # What keeps services from being started here does not hold there.
    rm -f "$root/usr/sbin/policy-rc.d"
    # Not the services of this machine; and a machine without an id would be on its first boot, which enables them all.
    rm -f "$root/etc/machine-id"
    tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
    find "$root/etc/systemd/system" -path "*.wants/*" -delete
    cat >"$root/etc/systemd/system/deb-check.service" <<UNIT
[Unit]
Requires=dbus.socket
After=basic.target dbus.socket
SuccessAction=exit-force
FailureAction=exit-force
FailureActionExitStatus=1
[Service]
Type=oneshot
WorkingDirectory=$tree
ExecStart=/bin/sh -c "touch /began; exec scripts/deb-check.sh --install $package >/log 2>&1"
TimeoutStartSec=300
UNIT
    # In the network of its own port 5000 is free.
    status=0
    timeout --kill-after=10 400 systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$root" \
        --bind-ro="$tree" --boot -- --unit=deb-check.service </dev/null >"$container/console" 2>&1 || status=$?
    if [ ! -e "$root/began" ]; then
        tail -n 5 "$container/console"
        exit 77
    fi
    cat "$root/log"
    exit "$status"
' bash "$container" "$PWD" "$package" || status=$?
case $status in
    0) echo "the package is as it should be" ;;
    77) echo "NOT CHECKED here: the unit under systemd (no container can be booted)" ;;
    *) fail "it fails under systemd" ;;
esac
