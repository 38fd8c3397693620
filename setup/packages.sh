# What the operating system must bring. Sourced by prepare.sh, from the top of the checkout.

python_at_least_311='import sys; assert sys.version_info >= (3, 11)'

# A Python that is new enough, one that can make environments if there is one; nothing when there is none.
find_python() {
    for needs in "$python_at_least_311; import ensurepip, venv" "$python_at_least_311"; do
        for name in python3 python3.14 python3.13 python3.12 python3.11 \
            /opt/homebrew/bin/python3 /usr/local/bin/python3 /usr/bin/python3; do
            if "$name" -c "$needs" >/dev/null 2>&1; then
                "$name" -c 'import sys; print(sys.executable)'
                return
            fi
        done
    done
}

has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }
has_zones() { "$1" -c 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Brussels")' >/dev/null 2>&1; }
has_postgresql() { "$1" -I api/postgresql.py >/dev/null 2>&1; }

has_chromium() {
    for name in chromium chromium-browser google-chrome; do
        # Ubuntu's chromium-browser without its snap is a script that only says so.
        if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then return 0; fi
    done
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] ||
        [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

# Sets `missing` to what this machine lacks for the purpose: run, test or bench.
find_missing() {
    missing=''
    python=$(find_python)
    [ -n "$python" ] || missing="$missing python"
    [ -z "$python" ] || has_venv "$python" || missing="$missing venv"
    [ -z "$python" ] || has_zones "$python" || missing="$missing zones"
    if [ -z "$python" ] || ! has_postgresql "$python"; then missing="$missing postgresql"; fi
    [ "$1" != test ] || has_chromium || missing="$missing chromium"
    [ "$1" != bench ] || command -v ogr2ogr >/dev/null || missing="$missing gdal"
}

install_missing() {
    find_missing "$1"
    [ -n "$missing" ] || return 0
    if command -v apt-get >/dev/null; then
        install_with_apt
    elif command -v brew >/dev/null; then
        install_with_brew
    else
        refuse "This machine lacks:$missing. Install Python 3.11 or newer with venv, PostgreSQL 15 or newer with PostGIS 3.3 or newer (and Chromium for the tests), then try again."
    fi
    find_missing "$1"
    [ -z "$missing" ] || refuse_still_missing
}

refuse_still_missing() {
    case "$missing" in
    *python*) refuse "This system's packages have no Python 3.11 or newer. Debian 12, Ubuntu 24.04 or newer have one." ;;
    *postgresql*) refuse "This system's packages have no PostgreSQL 15 or newer with PostGIS. Debian 12, Ubuntu 24.04 or newer have them." ;;
    *) refuse "These are still missing after the installation:$missing. Install them by hand, then try again." ;;
    esac
}

install_with_apt() {
    choose_way_to_root
    if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then update_apt; fi
    packages=$(apt_names)
    if ! apt_install; then
        # The lists may be older than the mirror.
        update_apt
        packages=$(apt_names)
        apt_install || refuse "apt-get could not install: $packages. Its own words stand above."
    fi
}

# Sets `become` to the command that makes one root, and `packages` first, to say what is needed where there is no way.
choose_way_to_root() {
    become=''
    [ "$(id -u)" != 0 ] || return 0
    packages=$(apt_names)
    ask="Ask who administers this machine to run:  apt-get install $packages"
    command -v sudo >/dev/null || refuse "Packages are missing, you are not root, and there is no sudo. $ask"
    if [ -t 0 ]; then become=sudo; else become='sudo -n'; fi
    $become true || refuse "Packages are missing, and sudo does not let you install them. $ask"
}

update_apt() {
    say 'Reading the lists of packages'
    $become env DEBIAN_FRONTEND=noninteractive apt-get -q update || refuse 'apt-get update failed; its own words stand above.'
}

apt_names() {
    for thing in $missing; do
        case "$thing" in
        python) printf 'python3 python3-venv ' ;;
        venv) printf 'python3-venv ' ;;
        zones) printf 'tzdata ' ;;
        postgresql) printf 'postgresql-%s postgresql-%s-postgis-3 ' "$(postgresql_version)" "$(postgresql_version)" ;;
        chromium) printf 'chromium ' ;;
        gdal) printf 'gdal-bin ' ;;
        esac
    done
}

# The version that is installed already and only lacks PostGIS, else the newest one on offer.
postgresql_version() {
    for folder in /usr/lib/postgresql/*/bin/postgres; do
        version=${folder#/usr/lib/postgresql/}
        version=${version%%/*}
        if [ -x "$folder" ] && [ "$version" -ge 15 ]; then
            echo "$version"
            return
        fi
    done
    newest=$(apt-cache pkgnames postgresql- | sed -n 's/^postgresql-\([0-9][0-9]*\)-postgis-3$/\1/p' | sort -n | tail -1)
    echo "${newest:-15}"
}

apt_install() {
    say "Installing $packages"
    case "$missing" in *postgresql*) keep_debian_from_making_a_cluster ;; esac
    # shellcheck disable=SC2086 # names, split on purpose
    $become env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $packages </dev/null
    installed=$?
    case "$missing" in *postgresql*) allow_debian_to_make_clusters ;; esac
    return $installed
}

# Debian's package makes a cluster of its own and starts it on TCP. Lantern needs none; one that exists is left alone.
no_cluster=/etc/postgresql-common/createcluster.d/lantern-set-up.conf
keep_debian_from_making_a_cluster() {
    $become mkdir -p /etc/postgresql-common/createcluster.d
    trap allow_debian_to_make_clusters EXIT
    echo 'create_main_cluster = false' | $become tee "$no_cluster" >/dev/null
}
allow_debian_to_make_clusters() {
    $become rm -f "$no_cluster"
    trap - EXIT
}

install_with_brew() {
    for thing in $missing; do
        case "$thing" in
        python | venv) brew install python@3.13 ;;
        postgresql) brew install postgresql@17 postgis ;;
        chromium) brew install --cask chromium ;;
        gdal) brew install gdal ;;
        esac || refuse "Homebrew could not install $thing; its own words stand above."
    done
}
