int main(void) {
    int fd = open("big", O_CREAT | O_RDWR, 0600);
    return ftruncate(fd, 1L << 40) ? 1 : 0;
}
