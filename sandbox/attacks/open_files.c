int main(void) {
    int made = 0;
    for (; made < 100000; made++) if (open("/dev/null", O_RDONLY) < 0) break;
    printf("made %d, then %s\n", made, strerror(errno));
    return 0;
}
