int main(void) {
    int made = 0;
    for (; made < 100000; made++) {
        char name[32];
        sprintf(name, "%d", made);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        if (fd < 0) break;
        close(fd);
    }
    printf("made %d, then %s\n", made, strerror(errno));
    return 0;
}
