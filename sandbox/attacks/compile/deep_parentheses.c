#define P0 ((((((((((
#define P1 P0 P0 P0 P0 P0 P0 P0 P0 P0 P0
#define P2 P1 P1 P1 P1 P1 P1 P1 P1 P1 P1
#define P3 P2 P2 P2 P2 P2 P2 P2 P2 P2 P2
#define P4 P3 P3 P3 P3 P3 P3 P3 P3 P3 P3
int main(void) { return P4 P4 1; }
