#!/bin/sh
# Runs in the build stage: /images/NAME for each image, with the program, the libraries that its linker names, their licences, and what
# they are: dpkg's status of each package in /var/lib/dpkg/status.d, where scanners look, and a list of materials (CycloneDX).
set -eu
VERSION=$1 REVISION=$2
OUT=/images

# The packages that own the files, with merged /usr in both spellings.
owner() { dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "/usr$1" 2>/dev/null || dpkg-query -S "${1#/usr}"; }
packages_of() {
    for file in "$@"; do owner "$file" | sed 's/: \/.*//; s/:.*//' | head -n 1; done | sort -u
}

material() {
    dpkg-query -W -f='    {"type": "library", "name": "${Package}", "version": "${Version}", "purl": "pkg:deb/debian/${Package}@${Version}?arch=${Architecture}&distro=debian-12", "supplier": {"name": "Debian"}}' "$1"
}

bill() {
    name=$1
    shift
    printf '{\n  "bomFormat": "CycloneDX",\n  "specVersion": "1.5",\n  "version": 1,\n  "metadata": {"component": {"type": "container", "name": "consilium/%s", "version": "%s", "properties": [{"name": "revision", "value": "%s"}]}},\n  "components": [\n' \
        "$name" "$VERSION" "$REVISION"
    separator=''
    for package in "$@"; do
        printf '%s%s' "$separator" "$(material "$package")"
        separator=',
'
    done
    printf '\n  ]\n}\n'
}

# NAME PROGRAM...: the programs keep their folder.
distil() {
    name=$1
    root=$OUT/$1
    shift
    mkdir -p "$root/usr/bin" "$root/etc" "$root/tmp" "$root/var/lib/dpkg/status.d" "$root/usr/share/sbom"
    chmod 1777 "$root/tmp"
    libraries=$(for program in "$@"; do ldd "$program"; done | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\) .*/\1/p' | sort -u)
    for program in "$@"; do
        cp -L "$program" "$root/usr/bin/"
        strip "$root/usr/bin/$(basename "$program")" 2>/dev/null || true
    done
    files=''
    for library in $libraries; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
        # dpkg knows the file by its real name or the one before diversions and alternatives.
        files="$files $(readlink -f "$library")"
    done
    for program in "$@"; do case $program in /usr/bin/*) files="$files $(readlink -f "$program")" ;; esac; done
    # shellcheck disable=SC2086
    packages=$(packages_of $files)
    for package in $packages; do
        dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
        mkdir -p "$root/usr/share/doc/$package"
        cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
    done
    # shellcheck disable=SC2086
    bill "$name" $packages >"$root/usr/share/sbom/$name.cdx.json"
    mkdir -p "$root/usr/share/doc/consilium"
    cp /src/LICENSE "$root/usr/share/doc/consilium/copyright"
    cp /etc/os-release "$root/etc/os-release"
    printf 'consilium:x:65532:65532:consilium:/:/sbin/nologin\n' >"$root/etc/passwd"
    printf 'consilium:x:65532:\n' >"$root/etc/group"
}

mkdir -p "$OUT"
printf 'consilium %s %s\n' "$VERSION" "$REVISION" >"$OUT/release"
for service in gateway deid context tokenizer inference; do distil "$service" "/build/bin/$service"; done
distil consilium /build/bin/consilium /build/bin/consilium-load
distil redis /usr/bin/redis-server /usr/bin/redis-cli
mkdir -p "$OUT/gateway/usr/share/consilium"
cp -r /src/web "$OUT/gateway/usr/share/consilium/web"
for service in tokenizer inference; do
    mkdir -p "$OUT/$service/usr/share/consilium"
    cp /src/models/consilium-demo.gguf "$OUT/$service/usr/share/consilium/model.gguf"
done
cp /src/models/consilium-demo.md "$OUT/inference/usr/share/consilium/model.md"
