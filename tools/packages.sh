#!/usr/bin/env bash
# The Debian packages that building and testing need: installs what is missing when root, else names it.
#   tools/packages.sh          install or name; fails when something is missing afterwards
#   tools/packages.sh --list   print the list
set -eu

packages=(
  cmake ninja-build g++ pkg-config python3                                   # build
  libxxhash-dev libfmt-dev libcli11-dev nlohmann-json3-dev libuv1-dev        # libraries of the tools
  openmpi-bin libopenmpi-dev mpich libmpich-dev                              # the two MPIs
  libgtest-dev libbenchmark-dev python3-pytest gdb binutils gfortran         # tests
  python3-mpi4py python3-numpy
  libjemalloc2 libtcmalloc-minimal4
  lammps hpcc                                                                # programs that nobody here wrote
)

if [ "${1:-}" = --list ]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "all ${#packages[@]} packages are installed"
  exit 0
fi

if [ "$(id -u)" != 0 ]; then
  echo "missing packages; as root: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends "${missing[@]}"
