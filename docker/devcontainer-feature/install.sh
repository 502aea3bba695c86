#!/bin/sh
# Installs entrypoint into the image of a dev container. The tool runs this as root in the feature's folder, with the options
# as variables; the folder has what `scripts/release` puts there.
set -eu

feature=$(dirname "$(readlink -f "$0")")
TARBALL=${TARBALL:-}
SHA256=${SHA256:-}
PACKAGES=${PACKAGES-git openssh-client sudo zsh}
SESSIONHOOK=${SESSIONHOOK:-true}

fail() {
    echo "entrypoint: $1" >&2
    exit 1
}

# check_tree DIRECTORY NAME: whether it has what is installed.
check_tree() {
    for file in bin/entrypoint bin/entrypointctl; do
        [ -f "$1/$file" ] || fail "$2 has no $file"
    done
    [ -d "$1/share" ] || fail "$2 has no share"
}

# fetch ADDRESS FILE: with what the image has.
fetch() {
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --location --output "$2" "$1"
    elif command -v wget >/dev/null; then
        wget -q -O "$2" "$1"
    else
        fail "cannot download $1: the image has neither curl nor wget; add one to the option packages"
    fi
}

# unpack: the programs and the manual, from the tarball or from the feature's folder, into a folder that is printed.
unpack() {
    if [ -z "$TARBALL" ]; then
        [ -x "$feature/bin/entrypoint" ] ||
            fail "there are no programs in the folder of the feature: set the option tarball, or use what scripts/release makes"
        check_tree "$feature" "the folder of the feature"
        echo "$feature"
        return
    fi
    case $TARBALL in
    *://*) fetch "$TARBALL" "$temporary/tarball" ;;
    *) cp "$TARBALL" "$temporary/tarball" || fail "cannot read the tarball $TARBALL" ;;
    esac
    if [ -n "$SHA256" ]; then
        echo "$SHA256  $temporary/tarball" | sha256sum -c >/dev/null 2>&1 ||
            fail "the tarball $TARBALL has another SHA-256 than the option sha256 says"
    fi
    mkdir "$temporary/unpacked"
    tar -xzf "$temporary/tarball" -C "$temporary/unpacked" || fail "$TARBALL is no tarball of a release"
    top=$(ls -A "$temporary/unpacked")
    # With two there would be a line feed between them.
    if [ -z "$top" ] || [ ! -d "$temporary/unpacked/$top" ] || [ -L "$temporary/unpacked/$top" ]; then
        fail "$TARBALL is no tarball of a release: exactly one directory is expected at its top"
    fi
    check_tree "$temporary/unpacked/$top" "$TARBALL is no tarball of a release: its directory"
    echo "$temporary/unpacked/$top"
}

# can_unpack: whether the image has what takes the tarball, before packages are installed.
can_unpack() {
    case $TARBALL in
    *://*) command -v curl >/dev/null || command -v wget >/dev/null ;;
    esac
}

install_packages() {
    # shellcheck disable=SC2086 # they are words
    [ -z "$PACKAGES" ] || "$feature/install-packages" $PACKAGES
}

case $SESSIONHOOK in
true | false) ;;
*) fail "the option sessionHook is '$SESSIONHOOK': true or false is expected" ;;
esac
case $TARBALL in
*://*) [ -n "$SHA256" ] || fail "the option tarball is an address: set sha256, too" ;;
esac
[ "$(id -u)" = 0 ] || fail "cannot install as uid $(id -u): root is needed"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

[ -x "$feature/install-packages" ] || fail "the folder of the feature is not what scripts/release makes of it"
# What is wrong with the tarball is told before the image is changed. Only what downloads it may have to be installed first.
if can_unpack; then
    source=$(unpack)
    install_packages
else
    install_packages
    source=$(unpack)
fi
mkdir -p /usr/local/bin /usr/local/share/entrypoint /usr/share
for program in entrypoint entrypointctl; do
    cp "$source/bin/$program" "/usr/local/bin/.$program.new"
    chmod 755 "/usr/local/bin/.$program.new"
    mv "/usr/local/bin/.$program.new" "/usr/local/bin/$program"
done
cp -R "$source/share/." /usr/share/

# The tool runs this when the container starts, and goes on when it has ended: the boot runs no command of its own.
cat >/usr/local/share/entrypoint/start <<'START'
#!/bin/sh
exec /usr/local/bin/entrypoint -- true
START
chmod 755 /usr/local/share/entrypoint/start

# Without the hook, the variables of the container name a file that does nothing.
mkdir -p /etc/profile.d
if [ "$SESSIONHOOK" = true ]; then
    cp "$feature/profile.sh" /etc/profile.d/entrypoint.sh
    for file in /etc/bash.bashrc /etc/bash/bashrc /etc/zsh/zshenv; do
        # The first line, before a shell that is not interactive returns from the file.
        if [ -e "$file" ] && ! grep -q /etc/profile.d/entrypoint.sh "$file"; then
            { echo '. /etc/profile.d/entrypoint.sh' && cat "$file"; } >"$temporary/hooked"
            cat "$temporary/hooked" >"$file"
        fi
    done
else
    : >/etc/profile.d/entrypoint.sh
fi
chmod 644 /etc/profile.d/entrypoint.sh
