extern char **environ;
int main(void) {
    for (int fd = 3; fd < 1024; fd++) if (fcntl(fd, F_GETFD) >= 0) { printf("descriptor %d is open\n", fd); got_through = 1; }
    int variables = 0;
    for (char **one = environ; *one; one++) {
        variables++;
        if (strncmp(*one, "HOME=", 5) && strncmp(*one, "LANG=", 5) && strncmp(*one, "PATH=", 5) && strncmp(*one, "TMPDIR=", 7)) { puts(*one); got_through = 1; }
    }
    if (variables != 4) got_through = 1;
    for (int fd = 3; fd < 20; fd++) must_fail("forged status", write(fd, "{\"Ended\"}", 9), EBADF, EBADF);
    return verdict();
}
