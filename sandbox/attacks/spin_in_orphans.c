int main(void) {
    for (int n = 0; n < 4; n++)
        if (fork() == 0) {
            setsid();
            if (fork() == 0) for (volatile long n = 0;; n++) {}
            _exit(0);
        }
    while (wait(0) > 0) {}
    sleep(1000);
    return 0;
}
