// Each child stays below the limit; the sum does not.
int main(void) {
    for (int n = 0; n < 8; n++) if (fork() == 0) for (volatile long n = 0;; n++) {}
    pause();
    return 0;
}
