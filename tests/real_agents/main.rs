mod model_server;
