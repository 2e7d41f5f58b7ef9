//! The plug is pulled: what hb has said to be kept is there when the host is back.
//!
//! The state lies on an ext4 of its own on a loop device that commits nothing by itself for minutes.
//! A copy of the image is what a disk holds after the plug was pulled at that moment: everything that
//! was synced, and nothing else.

use crate::hb::{Home, Seen};

/// Pulls the plug after each of several runs, and in the middle of one; then looks at every disk.
const SCENE: &str = r#"
truncate -s 48M disk
mkfs.ext4 -q -F disk
mkdir mnt
mount -o loop,commit=300 disk mnt ||
    { echo "an image must be mounted: load the module \`loop\`, and run this where it may be" >&2; exit 1; }
export HB_STATE_DIR=$PWD/mnt/state
cut() { cp --sparse=always disk cut.$1; }
for i in 1 2 3; do
    hb run m --to http://127.0.0.1:1/ping/7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f --report-timeout 1ms -- sh -c 'exit 3' 2>/dev/null
    [ $? = 3 ] || exit 1
    cut kept$i
done
hb run whole -- sh -c 'exit 4'
[ $? = 4 ] || exit 1
cut whole
hb run long -- sh -c 'echo > began; while [ ! -e go ]; do sleep 0.01; done' &
while [ ! -e began ]; do sleep 0.01; done
sleep 0.5
cut long
echo > go
wait
umount mnt
for cut in kept1 kept2 kept3 whole long; do
    mount -o loop cut.$cut mnt || exit 1
    # The next hb on the host that is back: it clears up, and its own server is not reached either.
    hb run after -- true 2>/dev/null
    echo "$cut:$(hb log --json | grep -v '"monitor":"after"' |
        sed 's/.*"monitor":"\([a-z]*\)".*"reason":"\([a-z_]*\)".*/\1 \2/' | sort | uniq -c |
        tr -s ' \n' ' ')kept $(ls mnt/state/spool | wc -l) open $(ls mnt/state/open | wc -l)"
    umount mnt
done
"#;

#[test]
fn what_was_kept_is_there_after_a_power_cut() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it mounts or gives away");
    let home = Home::new();
    let seen = Seen::of(home.program("unshare").args(["-m", "sh", "-c", SCENE]));
    let expected = "kept1: 1 m exit kept 1 open 0\n\
                    kept2: 2 m exit kept 2 open 0\n\
                    kept3: 3 m exit kept 3 open 0\n\
                    whole: 3 m exit 1 whole exit kept 3 open 0\n\
                    long: 1 long vanished 3 m exit 1 whole exit kept 3 open 0\n";
    assert_eq!((seen.status, &*seen.stdout, &*seen.stderr), (0, expected, ""));
}
