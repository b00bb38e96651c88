int main(void) {
    for (;;) {
        char *more = sbrk(1 << 16);
        if (more == (void *)-1) return 1;
        memset(more, 1, 1 << 16);
    }
}
