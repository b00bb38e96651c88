int main(int count, char **arguments) {
    if (count > 1) { if (geteuid() == 0) got_through = 1; return verdict(); }
    // Itself, with the set-user-id bit, run again.
    int in = open("/proc/self/exe", O_RDONLY), out = open("suid", O_CREAT | O_WRONLY, 0700);
    static char chunk[65536];
    for (long n; (n = read(in, chunk, sizeof chunk)) > 0;) write(out, chunk, n);
    fchmod(out, 06755);
    close(out);
    execl("./suid", "suid", "again", (char *)0);
    perror("execl");
    return 1;
}
