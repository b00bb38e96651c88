int main(void) {
    static char chunk[1 << 16];
    for (int n = 0;; n++) {
        char name[32];
        sprintf(name, "%d", n);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        for (int k = 0; k < 64; k++) if (write(fd, chunk, sizeof chunk) < 0) return 1;
        close(fd);
    }
}
