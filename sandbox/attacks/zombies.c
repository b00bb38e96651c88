// Children that end and are never waited for still count.
int main(void) {
    int made = 0;
    for (; made < 5000; made++) {
        pid_t child = fork();
        if (child < 0) break;
        if (child == 0) _exit(0);
    }
    printf("made %d, then %s\n", made, strerror(errno));
    return 0;
}
