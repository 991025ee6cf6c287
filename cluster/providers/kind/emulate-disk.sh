# Runs in a node of kind, sent there by emulate-disk.ts: caps the disk of pods, or checks that it is capped.
#
#   $1 set or check, $2 a folder on the disk, $3 operations and $4 bytes a second (0: no cap), then the uids of the pods
#
# Prints "<uid> ok" or "<uid> <why not>" for each pod, or "* <why not>" for all of them. In version 1 of control groups a
# cap holds for a group's own processes alone, so it is set on the containers in the pod's group; in version 2 it holds
# for all below, once every level above hands the controller down.
mode=$1 folder=$2 iops=$3 bytes=$4
shift 4

number=$(findmnt -nro MAJ:MIN --target "$folder")
if [ ! -e "/sys/dev/block/$number" ]; then
  # A file system over several disks has a number of its own, and names a disk as its source.
  source=$(findmnt -nro SOURCE --target "$folder")
  number=$(cat "/sys/class/block/$(basename "${source%%\[*}")/dev" 2>/dev/null)
fi
if [ -z "$number" ]; then
  echo "* the volumes are on no disk that can be seen from the node"
  exit 0
fi
# The kernel caps whole disks; in sysfs a partition's folder lies in that of its disk.
if [ -e "/sys/dev/block/$number/partition" ]; then number=$(cat "/sys/dev/block/$number/../dev"); fi

root=/sys/fs/cgroup
if [ -e $root/cgroup.controllers ]; then version=2; else version=1 root=$root/blkio; fi

# line FILE LINE: writes the line if it is to be set; whether it is there, or, without a cap, whether none is.
line() {
  # Where there is no such file there is no cap.
  if [ ! -w "$1" ]; then
    [ "$iops" = 0 ]
    return
  fi
  if [ "$mode" = set ]; then echo "$2" >"$1" 2>/dev/null; fi
  if [ "$iops" = 0 ]; then ! grep -q "^$number " "$1"; else grep -qx "$2" "$1"; fi
}

cap1() {
  capped=1
  for group in "$1"/*/; do
    for kind in read write; do
      line "${group}blkio.throttle.${kind}_iops_device" "$number $iops" || return 1
      line "${group}blkio.throttle.${kind}_bps_device" "$number $bytes" || return 1
    done
    capped=0
  done
  return $capped
}

cap2() {
  if [ "$iops" = 0 ]; then
    line "$1/io.max" "$number rbps=max wbps=max riops=max wiops=max"
    return
  fi
  if [ "$mode" = set ] && [ ! -e "$1/io.max" ]; then
    level=$root
    for name in $(dirname "${1#"$root"/}" | tr / ' '); do
      echo +io >"$level/cgroup.subtree_control" 2>/dev/null
      level=$level/$name
    done
    echo +io >"$level/cgroup.subtree_control" 2>/dev/null
  fi
  line "$1/io.max" "$number rbps=$bytes wbps=$bytes riops=$iops wiops=$iops"
}

for uid in "$@"; do
  # With systemd as the driver, dashes within a name mean levels and those of the uid become underscores.
  systemd=$(echo "$uid" | tr - _)
  group=$(find $root -type d \( -name "*pod$uid" -o -name "*pod$systemd.slice" \) | head -n 1)
  if [ -z "$group" ]; then
    echo "$uid its control group is not to be found in its node"
  elif cap$version "$group"; then
    echo "$uid ok"
  elif [ "$mode" = check ]; then
    echo "$uid its control group has other caps; \`make up\` sets them"
  else
    echo "$uid the control groups of its node take no cap for disk $number"
  fi
done
