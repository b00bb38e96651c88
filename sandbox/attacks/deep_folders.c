int main(void) {
    int made = 0;
    for (; made < 100000; made++) if (mkdir("d", 0700) || chdir("d")) break;
    printf("made %d, then %s\n", made, strerror(errno));
    return 0;
}
