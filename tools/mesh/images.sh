# Images, from Debian's packages alone: a root for building made by mmdebstrap, one multi-stage build, and an image for each program that holds
# no shell and no package manager (deploy/images).
IMAGES=(gateway deid context tokenizer inference redis consilium)
IMAGES_TAG=${IMAGES_TAG:-0.1.0}

PACKAGES_IMAGES=(buildah podman runc netavark aardvark-dns catatonit iptables golang-github-containers-common mmdebstrap)

# podman as it runs on a machine that grants fewer files and processes than podman asks for, or mixes both kinds of cgroups.
containers_configure() {
    export CONTAINERS_CONF=$ROOT/build/images/containers.conf BUILDAH_ISOLATION=chroot
    mkdir -p "$ROOT/build/images"
    cat >"$CONTAINERS_CONF" <<'CONF'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
}

# The commit that is built, and when it was made: what is not committed is in no image.
image_revision() { git rev-parse HEAD; }
image_date() { git log -1 --format=%ct; }

images_build_root() {
    local root=build/images/build-root.tar wanted
    wanted=$(printf '%s\n' "${PACKAGES_BUILD[@]}" | grep -v -e '^procps$' | sort)
    [ -f "$root" ] && [ "$(cat build/images/build-root.packages 2>/dev/null)" = "$wanted" ] && return
    run_quietly "a Debian to build in" build/images/mmdebstrap.log env SOURCE_DATE_EPOCH=0 mmdebstrap --variant=minbase \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include="$(paste -sd, <<<"$wanted")" bookworm "$root" \
        "deb http://deb.debian.org/debian bookworm main" "deb http://deb.debian.org/debian bookworm-updates main" \
        "deb http://deb.debian.org/debian-security bookworm-security main"
    echo "$wanted" >build/images/build-root.packages
}

# What is committed, and the npm packages that the word lists are compiled from.
images_source() {
    word_sources_install
    git archive --format=tar HEAD >build/images/source.tar
    [ ! -d tools/deid/node_modules ] || tar --append --file build/images/source.tar --sort=name --owner=0 --group=0 --numeric-owner \
        --mtime="@$(image_date)" tools/deid/node_modules
}

images_build() {
    local name revision date
    packages_install build
    packages_install_more "${PACKAGES_IMAGES[@]}"
    containers_configure
    images_build_root
    images_source
    # Once for all: a commit that comes meanwhile is not what the source is of.
    revision=$(image_revision)
    date=$(image_date)
    cp deploy/images/Containerfile build/images/
    for name in "${IMAGES[@]}"; do
        run_quietly "image of $name" "build/images/$name.log" buildah build --layers --timestamp "$date" --target "$name" \
            --build-arg VERSION="$IMAGES_TAG" --build-arg REVISION="$revision" --build-arg SOURCE_DATE_EPOCH="$date" \
            --build-arg JOBS="$(nproc)" --tag "localhost/consilium/$name:$IMAGES_TAG" build/images
    done
    images_list
}

images_list() {
    local name
    for name in "${IMAGES[@]}"; do
        podman image inspect --format '{{.Size}} {{.Id}}' "localhost/consilium/$name:$IMAGES_TAG" \
            | awk -v name="localhost/consilium/$name:$IMAGES_TAG" '{ printf "%-40s %6.1f MB  sha256:%s\n", name, $1 / 1e6, substr($2, 1, 12) }'
    done
}
