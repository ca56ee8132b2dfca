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

# Each function below is given the folder that it works in.
images_build_root() {
    local folder=$1 root=$1/build-root.tar wanted
    wanted=$(printf '%s\n' "${PACKAGES_BUILD[@]}" | grep -v -e '^procps$' | sort)
    [ -f "$root" ] && [ "$(cat "$folder/build-root.packages" 2>/dev/null)" = "$wanted" ] && return
    run_quietly "a Debian to build in" "$folder/mmdebstrap.log" env SOURCE_DATE_EPOCH=0 mmdebstrap --variant=minbase \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include="$(paste -sd, <<<"$wanted")" bookworm "$root" \
        "deb http://deb.debian.org/debian bookworm main" "deb http://deb.debian.org/debian bookworm-updates main" \
        "deb http://deb.debian.org/debian-security bookworm-security main"
    echo "$wanted" >"$folder/build-root.packages"
}

# What is committed, and the npm packages that the word lists are compiled from.
images_source() {
    local source=$1/source.tar revision=$2 date=$3
    word_sources_install
    git -c tar.umask=0022 archive --format=tar "$revision" >"$source"
    [ ! -d tools/deid/node_modules ] || tar --append --file "$source" --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
        --mtime="@$date" tools/deid/node_modules
}

# The commit that is built, and when it was made: what is not committed is in no image.
images_make() {
    local folder=$1 revision=$2 date name
    date=$(git log -1 --format=%ct "$revision")
    mkdir -p "$folder"
    images_build_root "$folder"
    images_source "$folder" "$revision" "$date"
    cp deploy/images/Containerfile "$folder/"
    for name in "${IMAGES[@]}"; do
        run_quietly "image of $name" "$folder/$name.log" buildah build --layers --timestamp "$date" --target "$name" \
            --build-arg VERSION="$IMAGES_TAG" --build-arg REVISION="$revision" --build-arg SOURCE_DATE_EPOCH="$date" \
            --build-arg JOBS="$(nproc)" --tag "$(image_of "$name")" "$folder"
    done
}

image_of() { echo "localhost/consilium/$1:$IMAGES_TAG"; }

images_list() {
    local name
    for name in "${IMAGES[@]}"; do
        podman image inspect --format '{{.Size}} {{.Digest}}' "$(image_of "$name")" \
            | awk -v name="$(image_of "$name")" '{ printf "%-40s %6.1f MB  %s\n", name, $1 / 1e6, $2 }'
    done
}

images_prepare() {
    packages_install build
    packages_install_more "${PACKAGES_IMAGES[@]}"
    containers_configure
}

images_build() {
    case ${1:-} in
    --check) images_check ;;
    '')
        images_prepare
        images_make build/images "$(git rev-parse HEAD)"
        images_list
        ;;
    *) fail "images takes --check or nothing" ;;
    esac
}

# The same commit a second time from nothing, with a Debian and a store of images of its own: each image must be the same to the byte.
images_check() {
    local again=build/images/again revision first second
    images_prepare
    revision=$(git rev-parse HEAD)
    images_make build/images "$revision"
    first=$(images_list)
    images_forget "$again"
    mkdir -p "$again"
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' "$ROOT/$again/store" "$ROOT/$again/store" >"$again.conf"
    export CONTAINERS_STORAGE_CONF=$ROOT/$again.conf
    images_make "$again" "$revision"
    second=$(images_list)
    unset CONTAINERS_STORAGE_CONF
    say "$second"
    cmp -s build/images/build-root.tar "$again/build-root.tar" || say "the Debian to build in is another one by now: build/images/build-root.tar is older"
    if [ "$first" != "$second" ]; then
        diff <(echo "$first") <(echo "$second") >&2 || true
        fail "images of one commit differ; the second ones are in $again/store"
    fi
    images_forget "$again"
    say "built twice from nothing: the same ${#IMAGES[@]} images"
}

# The store's layers are mounted while it is in use.
images_forget() {
    [ ! -d "$1/store/graph/overlay" ] || umount "$1/store/graph/overlay" 2>/dev/null || true
    rm -rf "$1" "$1.conf"
}
