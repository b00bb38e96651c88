static void try(const char *host, int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &at.sin_addr);
    must_fail(host, connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&at, sizeof at), ENETUNREACH, EACCES);
    must_fail(host, sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (void *)&at, sizeof at), ENETUNREACH, EACCES);
}
// Its arguments are ports on which the supervisor listens.
int main(int count, char **arguments) {
    for (int n = 1; n < count; n++) try("127.0.0.1", atoi(arguments[n]));
    try("127.0.0.1", 22);
    try("169.254.169.254", 80);
    try("8.8.8.8", 53);
    return verdict();
}
