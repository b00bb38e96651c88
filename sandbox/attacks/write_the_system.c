int main(void) {
    const char *places[] = {"/x", "/etc/x", "/dev/x", "/usr/x", "/usr/bin/x", "/proc/x"};
    for (int n = 0; n < 6; n++)
        if (open(places[n], O_CREAT | O_WRONLY, 0600) >= 0 || (errno != EROFS && errno != EACCES && errno != ENOENT))
            must_fail(places[n], 0, 0, 0);
    must_fail("passwd", open("/etc/passwd", O_WRONLY), EROFS, EACCES);
    must_fail("chmod null", chmod("/dev/null", 0), EROFS, EPERM);
    must_fail("self exe", open("/proc/self/exe", O_WRONLY), ETXTBSY, EACCES);
    must_fail("1 exe", open("/proc/1/exe", O_WRONLY), ENOENT, EACCES);
    must_fail("rename", rename("/etc", "/work/etc"), EROFS, EXDEV);
    return verdict();
}
