int main(void) {
    symlink("/etc/shadow", "link");
    mkdir("folder", 0700);
    symlink("/etc", "way");
    int fd = open("first", O_CREAT | O_WRONLY, 0600);
    link("first", "second");
    ftruncate(open("sparse", O_CREAT | O_WRONLY, 0600), 15 << 20);
    must_fail("mkfifo", mkfifo("fifo", 0600), ENOSYS, ENOSYS);
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "socket"};
    bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&at, sizeof at);
    must_fail("read shadow", open("link", O_RDONLY), ENOENT, ENOENT);
    must_fail("link su", link("/usr/bin/su", "su"), EXDEV, ENOENT);
    (void)fd;
    return verdict();
}
