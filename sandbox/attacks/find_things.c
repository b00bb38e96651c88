// Looks for what the job before left.
int main(void) {
    must_fail("/tmp/left", open("/tmp/left", O_RDONLY), ENOENT, ENOENT);
    must_fail("/work/left", open("/work/left", O_RDONLY), ENOENT, ENOENT);
    must_fail("segment", shmget(4711, 4096, 0), ENOENT, ENOENT);
    int things = 0;
    DIR *tmp = opendir("/tmp");
    for (struct dirent *one; (one = readdir(tmp));) things++;
    if (things != 2) { puts("/tmp is not empty"); return 1; }
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(at.sun_path + 1, "left");
    must_fail("socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&at, sizeof(sa_family_t) + 5), ECONNREFUSED, EPERM);
    return verdict();
}
