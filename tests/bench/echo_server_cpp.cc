// The server that the rpc layer is measured against: gRPC's own asynchronous C++ API as its documentation shows it, one
// completion queue, one thread. Tokenizer.Decode gives back the bytes that it was sent. Prints "port N".
#include <grpcpp/grpcpp.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "consilium/v1/tokenizer.grpc.pb.h"

namespace {

using consilium::v1::DecodeReply;
using consilium::v1::DecodeRequest;
using consilium::v1::Tokenizer;

class Call {
 public:
  Call(Tokenizer::AsyncService *service, grpc::ServerCompletionQueue *queue)
      : service_(service), queue_(queue), writer_(&context_) {
    service_->RequestDecode(&context_, &request_, &writer_, queue_, queue_, this);
  }

  void Proceed(bool is_ok) {
    if (is_finished_ || !is_ok) {
      delete this;
      return;
    }
    new Call(service_, queue_);
    reply_.set_state(std::move(*request_.mutable_state()));
    is_finished_ = true;
    writer_.Finish(reply_, grpc::Status::OK, this);
  }

 private:
  Tokenizer::AsyncService *service_;
  grpc::ServerCompletionQueue *queue_;
  grpc::ServerContext context_;
  DecodeRequest request_;
  DecodeReply reply_;
  grpc::ServerAsyncResponseWriter<DecodeReply> writer_;
  bool is_finished_ = false;
};

// As many requests outstanding as the load has calls in flight.
constexpr int kOutstanding = 64;

}  // namespace

int main() {
  Tokenizer::AsyncService service;
  grpc::ServerBuilder builder;
  int port = 0;

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  for (int i = 0; i < kOutstanding; i++) new Call(&service, queue.get());
  std::printf("port %d\n", port);
  std::fflush(stdout);
  void *tag;
  bool is_ok;
  while (queue->Next(&tag, &is_ok)) static_cast<Call *>(tag)->Proceed(is_ok);
  return 0;
}
