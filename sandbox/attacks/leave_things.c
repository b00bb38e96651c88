// Leaves files, segments and sockets for the next job.
int main(void) {
    close(open("/tmp/left", O_CREAT | O_WRONLY, 0666));
    close(open("/work/left", O_CREAT | O_WRONLY, 0666));
    shmget(4711, 4096, IPC_CREAT | 0666);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(at.sun_path + 1, "left");
    bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&at, sizeof(sa_family_t) + 5);
    puts("held");
    return 0;
}
