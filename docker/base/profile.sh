# The environment of the container's boot, for sessions that did not come from it. A session of the boot has it already,
# and may have changed it since. Root loads none: with the user's HOME and ZDOTDIR its shell would run his startup files. A
# user loads one of root's or his own.
if [ -z "${SCRATCH_HOME-}" ]; then
    entrypoint_user=$(id -u)
    for entrypoint_file in /run/entrypoint/environment.sh "/dev/shm/entrypoint-$entrypoint_user/environment.sh"; do
        case $entrypoint_user$entrypoint_file in
        0/*) false ;;
        */run/*) [ -r "$entrypoint_file" ] ;;
        *) [ -r "$entrypoint_file" ] && [ -O "$entrypoint_file" ] ;;
        esac && . "$entrypoint_file" && break
    done
    unset entrypoint_file entrypoint_user
fi
