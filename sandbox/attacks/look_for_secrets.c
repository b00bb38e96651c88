// Looks for what its arguments name: files of the supervisor.
int main(int count, char **arguments) {
    for (int n = 1; n < count; n++) {
        must_fail(arguments[n], open(arguments[n], O_RDONLY), ENOENT, EACCES);
        char path[512];
        snprintf(path, sizeof path, "/proc/self/root/../../..%s", arguments[n]);
        must_fail(path, open(path, O_RDONLY), ENOENT, EACCES);
        snprintf(path, sizeof path, "/proc/self/cwd/../../..%s", arguments[n]);
        must_fail(path, open(path, O_RDONLY), ENOENT, EACCES);
    }
    const char *others[] = {"/etc/shadow", "/root", "/home", "/var", "/run", "/sys", "/boot", "/mnt", "/proc/1/root/etc/shadow"};
    for (unsigned n = 0; n < sizeof others / sizeof *others; n++) must_fail(others[n], open(others[n], O_RDONLY), ENOENT, EACCES);
    return verdict();
}
