#!/bin/sh
# Makes a Chromium whose WebGPU is Mesa's lavapipe instead of SwiftShader, in the folder that is given: a second implementation,
# several times faster, and with float16. Of Debian bookworm it needs
#
#     apt-get install chromium chromium-headless-shell gcc libvulkan-dev
#     apt-get install -t bookworm-backports mesa-vulkan-drivers
#
# and says how the browsers' tests and `npm run bench:web` are told to use it.
set -eu

folder=${1:?"usage: scripts/lavapipe/make.sh FOLDER"}
here=$(dirname "$0")
icd=/usr/share/vulkan/icd.d/lvp_icd.json
loader=/usr/lib/$(gcc -print-multiarch)/libvulkan.so.1

mkdir -p "$folder"
cp -a /usr/lib/chromium/. "$folder"
rm -f "$folder/libvk_swiftshader.so"
gcc -shared -fPIC -O1 "-DSYSTEM_LOADER=\"$loader\"" -o "$folder/libvk_swiftshader.so" "$here/icd.c" -ldl

echo "export VK_DRIVER_FILES=$icd VK_ICD_FILENAMES=$icd"
echo "export CHROMIUM=$(cd "$folder" && pwd)/chromium             # npm run bench:web"
echo "export CHROMIUM=$(cd "$folder" && pwd)/chromium-headless-shell   # npm run test:web"
