// Runs twice at once: each leaves a mark wherever one could be left, and looks for the other's.
#define MARK 0x4711
int main(int count, char **arguments) {
    const char *own = arguments[1], *other = strcmp(own, "one") ? "one" : "two";
    char path[64];
    sprintf(path, "/tmp/%s", own);
    close(open(path, O_CREAT | O_WRONLY, 0666));
    sprintf(path, "/work/%s", own);
    close(open(path, O_CREAT | O_WRONLY, 0666));
    shmget(MARK + *own, 4096, IPC_CREAT | 0666);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(at.sun_path + 1, own);
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listening, (void *)&at, sizeof(sa_family_t) + 4);
    listen(listening, 1);
    struct sockaddr_in port = {.sin_family = AF_INET, .sin_port = htons(*own == 'o' ? 4711 : 4712)};
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    bind(udp, (void *)&port, sizeof port);
    for (int turn = 0; turn < 20; turn++) {
        sprintf(path, "/tmp/%s", other);
        must_fail(path, open(path, O_RDONLY), ENOENT, ENOENT);
        sprintf(path, "/work/%s", other);
        must_fail(path, open(path, O_RDONLY), ENOENT, ENOENT);
        must_fail("segment", shmget(MARK + *other, 4096, 0), ENOENT, ENOENT);
        strcpy(at.sun_path + 1, other);
        must_fail("socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&at, sizeof(sa_family_t) + 4), ECONNREFUSED, EPERM);
        port.sin_port = htons(*other == 'o' ? 4711 : 4712);
        sendto(udp, "x", 1, 0, (void *)&port, sizeof port);
        must_fail("port", recv(udp, path, 1, MSG_DONTWAIT), EAGAIN, EAGAIN);
        int seen = 0;
        DIR *proc = opendir("/proc");
        for (struct dirent *one; (one = readdir(proc));) seen += atoi(one->d_name) > 1;
        closedir(proc);
        if (seen != 1) { printf("%d processes are seen\n", seen); return 1; }
        usleep(5000);
    }
    return verdict();
}
