//! The live connection: the Centrifugo client protocol over WebSocket.
