// Each child is small; the job is not.
int main(void) {
    for (int n = 0; n < 8; n++)
        if (fork() == 0) {
            volatile char *own = malloc(16 << 20);
            for (long at = 0; at < 16 << 20; at += 4096) own[at] = n;
            pause();
        }
    pause();
    return 0;
}
