int main(void) {
    int fd = memfd_create("x", 0);
    static char chunk[1 << 16];
    signal(SIGXFSZ, SIG_IGN);
    for (int files = 0; files < 64; files++, fd = memfd_create("x", 0))
        for (int n = 0; n < 128; n++) if (write(fd, chunk, sizeof chunk) < 0) break;
    return 1;
}
