# The environment of the container's boot, for sessions that did not come from it. A session of the boot has it already,
# and may have changed it since. Nobody loads a file that another user owns; root loads root's only.
if [ -z "${SCRATCH_HOME-}" ]; then
    for entrypoint_file in /run/entrypoint/environment.sh "/dev/shm/entrypoint-$(id -u)/environment.sh"; do
        if [ -r "$entrypoint_file" ] && { [ -O "$entrypoint_file" ] || [ "$entrypoint_file" = /run/entrypoint/environment.sh ]; }; then
            . "$entrypoint_file"
            break
        fi
    done
    unset entrypoint_file
fi
