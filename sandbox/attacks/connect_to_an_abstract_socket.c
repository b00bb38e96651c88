// Its argument is the name of an abstract socket on which the supervisor listens.
int main(int count, char **arguments) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(at.sun_path + 1, arguments[1]);
    socklen_t length = sizeof(sa_family_t) + 1 + strlen(arguments[1]);
    must_fail("connect", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&at, length), ECONNREFUSED, EPERM);
    return verdict();
}
