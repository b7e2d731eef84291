#!/usr/bin/env bash
# Prints the directory that holds etcd, kube-apiserver and kube-controller-manager; builds them with Go where none is there yet.
# KUBEBUILDER_ASSETS wins. With --cached nothing is built: exit 3 where there is nothing. The versions are those of
# control-plane/go.mod; the cache is keyed by them and outlives a clone.
set -euo pipefail
programs=(etcd kube-apiserver kube-controller-manager)

complete() { for program in "${programs[@]}"; do [ -x "$1/$program" ] || return 1; done; }

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  complete "$KUBEBUILDER_ASSETS" || { echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks one of: ${programs[*]}" >&2; exit 1; }
  echo "$KUBEBUILDER_ASSETS"
  exit 0
fi

module=$(cd "$(dirname "$0")/control-plane" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/runbook/control-plane
key=$(cat "$module/go.mod" "$module/go.sum" | sha256sum | cut -c1-16)
target=$cache/$key
if complete "$target"; then echo "$target"; exit 0; fi
[ "${1:-}" = --cached ] && exit 3
command -v go >/dev/null || { echo "there is no Go here to build a control plane with, and KUBEBUILDER_ASSETS is not set" >&2; exit 3; }

mkdir -p "$cache"
building=$(mktemp -d "$cache/building-XXXXXX")
trap 'rm -rf "$building"' EXIT
echo "building a Kubernetes control plane with $(go env GOVERSION); this takes some minutes once" >&2
cd "$module"
export GOFLAGS="-mod=readonly -buildvcs=false -trimpath"
# A module that cannot be fetched is no fault of ours; one that does not compile is.
go list -deps tool >/dev/null || { echo "the modules of a control plane cannot be fetched here" >&2; exit 3; }
# Without symbols, and two compilers at a time: a small machine has other work to do.
nice -n 15 go build -p 2 -ldflags '-s -w' -o "$building/" tool >&2
# etcd's main package is named for its module's last part.
mv "$building/server" "$building/etcd"
complete "$building" || { echo "the build made none of: ${programs[*]}" >&2; exit 1; }
# Another build may have been faster: then its result counts.
mv -T "$building" "$target" 2>/dev/null || complete "$target"
echo "$target"
