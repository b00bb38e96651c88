int main(void) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) { close(0); close(1); close(2); for (;;) sleep(1000); }
        _exit(0);
    }
    wait(0);
    puts("held");
    return 0;
}
