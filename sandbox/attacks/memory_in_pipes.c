int main(void) {
    static char chunk[1 << 16];
    for (int n = 0; n < 110; n++) {
        int ends[2];
        if (pipe2(ends, O_NONBLOCK)) return 1;
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        while (write(ends[1], chunk, sizeof chunk) > 0) {}
    }
    return 1;
}
