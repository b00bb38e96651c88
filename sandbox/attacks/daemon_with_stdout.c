// A grandchild in a session of its own keeps standard output open.
int main(void) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) { sleep(1000); }
        _exit(0);
    }
    wait(0);
    puts("held");
    return 0;
}
