int main(void) {
    for (int n = 0; n < 64; n++) {
        int id = shmget(IPC_PRIVATE, 8 << 20, IPC_CREAT | 0600);
        if (id < 0) return 1;
        memset(shmat(id, 0, 0), 1, 8 << 20);
    }
    return 1;
}
